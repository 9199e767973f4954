BEGIN { x[(void)1] = 1; exit(0); }
