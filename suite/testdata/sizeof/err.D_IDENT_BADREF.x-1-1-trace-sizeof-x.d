BEGIN { x[1] = 1; trace(sizeof(x)); exit(0); }
