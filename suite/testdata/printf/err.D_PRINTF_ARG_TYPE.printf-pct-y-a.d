BEGIN { printf("%Y", "a"); exit(0); }
