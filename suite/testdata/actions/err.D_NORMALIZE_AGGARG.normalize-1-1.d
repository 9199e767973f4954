BEGIN { normalize(1, 1); exit(0); }
