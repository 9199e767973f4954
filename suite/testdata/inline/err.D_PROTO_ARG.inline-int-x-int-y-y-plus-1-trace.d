inline int x[int y] = y + 1; BEGIN { trace(x["a"]); exit(0); }
