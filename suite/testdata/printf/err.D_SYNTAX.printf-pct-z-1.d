BEGIN { printf("%z", 1); exit(0); }
