BEGIN { printf("%*d|%-*d|%*d|", 5, 1, 5, 2, -5, 3); exit(0); }
