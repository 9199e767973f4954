BEGIN { trace(index("a")); exit(0); }
