BEGIN { x->y = 1; exit(0); }
