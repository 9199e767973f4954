BEGIN { x + 1 = 3; exit(0); }
