inline int x = x; BEGIN { exit(0); }
