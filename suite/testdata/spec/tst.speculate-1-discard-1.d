BEGIN { speculate(1); discard(1); } BEGIN { exit(0); }
