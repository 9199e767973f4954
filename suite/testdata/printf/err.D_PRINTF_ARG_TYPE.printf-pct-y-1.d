BEGIN { printf("%Y", 1); exit(0); }
