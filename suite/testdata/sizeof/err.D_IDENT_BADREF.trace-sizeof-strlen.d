BEGIN { trace(sizeof(strlen)); exit(0); }
