BEGIN { printf("%.20s|%300d|", "abc", 1); exit(0); }
