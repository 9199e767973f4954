BEGIN { 3 = x; exit(0); }
