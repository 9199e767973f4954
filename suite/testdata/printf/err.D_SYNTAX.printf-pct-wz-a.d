BEGIN { printf("%wZ", "a"); exit(0); }
