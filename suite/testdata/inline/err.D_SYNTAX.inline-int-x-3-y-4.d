inline int x = 3, y = 4; BEGIN { exit(0); }
