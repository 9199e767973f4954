inline int x = 3; BEGIN { x++; exit(0); }
