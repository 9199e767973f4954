BEGIN { printf("%x", "a"); exit(0); }
