BEGIN { count = 3; exit(0); }
