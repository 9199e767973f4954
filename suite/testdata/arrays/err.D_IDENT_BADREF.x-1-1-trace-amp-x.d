BEGIN { x[1] = 1; trace(&x); exit(0); }
