BEGIN { (void)1; 1; 1 + 2; x; exit(0); }
