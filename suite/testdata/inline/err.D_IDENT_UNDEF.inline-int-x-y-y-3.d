inline int x = y; BEGIN { y = 3; exit(0); }
