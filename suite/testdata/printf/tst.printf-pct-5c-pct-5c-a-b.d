BEGIN { printf("%5c|%-5c|", 'a', 'b'); exit(0); }
