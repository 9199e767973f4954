inline int x[void] = 1; BEGIN { trace(x[1]); exit(0); }
