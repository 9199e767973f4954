BEGIN { trace(1 ? "a" : 2); exit(0); }
