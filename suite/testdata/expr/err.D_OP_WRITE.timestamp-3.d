BEGIN { timestamp = 3; exit(0); }
