BEGIN { printf("%O", 1); exit(0); }
