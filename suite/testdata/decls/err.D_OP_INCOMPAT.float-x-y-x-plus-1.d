float x; BEGIN { y = x + 1; exit(0); }
