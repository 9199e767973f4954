BEGIN { trace(strchr("a", "a")); exit(0); }
