BEGIN { trace(bcopy("a", 1)); exit(0); }
