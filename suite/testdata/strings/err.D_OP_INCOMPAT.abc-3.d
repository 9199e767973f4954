BEGIN { "abc" = 3; exit(0); }
