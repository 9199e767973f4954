BEGIN { normalize(@a, 1); exit(0); }
