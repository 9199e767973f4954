BEGIN { printf("%A", "a"); exit(0); }
