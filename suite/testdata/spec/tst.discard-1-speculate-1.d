BEGIN { discard(1); speculate(1); } BEGIN { exit(0); }
