inline int x[int y, ...] = 1; BEGIN { exit(0); }
