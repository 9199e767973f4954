BEGIN { printf("%c", "a"); exit(0); }
