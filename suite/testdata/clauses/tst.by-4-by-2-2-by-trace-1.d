BEGIN / (4 / 2) == 2 / { trace(1); } BEGIN { exit(0); }
