BEGIN { trace(1 ? "a" : "b"); exit(0); }
