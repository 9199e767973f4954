BEGIN { auto = 1; exit(0); }
