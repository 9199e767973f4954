BEGIN { printf("\q %d\n", 1); exit(0); }
