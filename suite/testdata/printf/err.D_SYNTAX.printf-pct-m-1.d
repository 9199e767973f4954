BEGIN { printf("%m", 1); exit(0); }
