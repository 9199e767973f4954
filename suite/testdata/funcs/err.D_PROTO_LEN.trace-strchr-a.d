BEGIN { trace(strchr("a")); exit(0); }
