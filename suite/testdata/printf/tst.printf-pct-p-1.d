BEGIN { printf("%p", 1); exit(0); }
