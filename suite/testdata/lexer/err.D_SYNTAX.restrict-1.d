BEGIN { restrict = 1; exit(0); }
