BEGIN { trace(index("a", 1)); exit(0); }
