BEGIN { discard(1, 2); exit(0); }
