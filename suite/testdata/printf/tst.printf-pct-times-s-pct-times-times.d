BEGIN { printf("%.*s|%*.*s|", 2, "abcdef", 6, 3, "abcdef"); exit(0); }
