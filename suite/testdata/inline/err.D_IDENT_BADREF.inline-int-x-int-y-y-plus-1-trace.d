inline int x[int y] = y + 1; BEGIN { trace(x); exit(0); }
