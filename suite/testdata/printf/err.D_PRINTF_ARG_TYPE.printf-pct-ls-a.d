BEGIN { printf("%ls", "a"); exit(0); }
