BEGIN { printf = 3; exit(0); }
