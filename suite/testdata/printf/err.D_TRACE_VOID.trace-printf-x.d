BEGIN { trace(printf("x")); exit(0); }
