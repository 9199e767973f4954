BEGIN { trace(1); speculate(1); exit(0); }
