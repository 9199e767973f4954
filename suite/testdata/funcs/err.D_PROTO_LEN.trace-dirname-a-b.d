BEGIN { trace(dirname("a", "b")); exit(0); }
