BEGIN { printf("%C %c", 'a', 'b'); exit(0); }
