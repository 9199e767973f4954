BEGIN { printf("%T", "a"); exit(0); }
