BEGIN { while = 1; exit(0); }
