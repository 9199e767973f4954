float x; BEGIN { x = 3; exit(0); }
