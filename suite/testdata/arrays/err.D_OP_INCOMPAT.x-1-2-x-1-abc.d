BEGIN { x[1] = 2; x[1] = "abc"; exit(0); }
