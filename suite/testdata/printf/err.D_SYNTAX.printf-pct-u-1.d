BEGIN { printf("%U", 1); exit(0); }
