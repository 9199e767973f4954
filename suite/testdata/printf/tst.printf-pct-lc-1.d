BEGIN { printf("%lc", 1); exit(0); }
