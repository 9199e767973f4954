BEGIN { printf("%a", "a"); exit(0); }
