BEGIN { (1 ? x : y) = 1; exit(0); }
