BEGIN { printf("%p", "a"); exit(0); }
