BEGIN { x = x + 1; exit(0); }
