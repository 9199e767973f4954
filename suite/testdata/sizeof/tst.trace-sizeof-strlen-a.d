BEGIN { trace(sizeof(strlen("a"))); exit(0); }
