BEGIN { printf("%D", 1); exit(0); }
