BEGIN { a`b`c = 1; exit(0); }
