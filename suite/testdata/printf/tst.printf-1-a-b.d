BEGIN { printf(1 ? "a" : "b"); exit(0); }
