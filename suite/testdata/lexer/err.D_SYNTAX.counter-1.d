BEGIN { counter = 1; exit(0); }
