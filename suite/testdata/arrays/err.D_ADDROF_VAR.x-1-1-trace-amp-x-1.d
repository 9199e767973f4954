BEGIN { x[1] = 1; trace(&x[1]); exit(0); }
