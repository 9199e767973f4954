BEGIN { printf("%P", 1); exit(0); }
