BEGIN { trace(substr("a", "b")); exit(0); }
