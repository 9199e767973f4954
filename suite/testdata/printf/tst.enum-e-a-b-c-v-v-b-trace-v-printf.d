enum e { A, B, C } v; BEGIN { v = B; trace(v); printf("%d %s\n", v, v == B ? "B" : "?"); exit(0); }
