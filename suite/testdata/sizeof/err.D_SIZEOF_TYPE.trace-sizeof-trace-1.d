BEGIN { trace(sizeof(trace(1))); exit(0); }
