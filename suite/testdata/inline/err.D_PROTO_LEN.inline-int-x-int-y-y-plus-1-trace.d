inline int x[int y] = y + 1; BEGIN { trace(x[1,2]); exit(0); }
