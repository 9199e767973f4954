BEGIN { speculate(); exit(0); }
