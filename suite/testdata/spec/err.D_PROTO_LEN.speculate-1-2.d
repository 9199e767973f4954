BEGIN { speculate(1, 2); exit(0); }
