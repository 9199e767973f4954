BEGIN { speculate(1); ftruncate(); } BEGIN { exit(0); }
