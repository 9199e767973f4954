BEGIN { this = 1; exit(0); }
