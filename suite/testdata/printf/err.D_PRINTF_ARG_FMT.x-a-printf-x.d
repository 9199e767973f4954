BEGIN { x = "a"; printf(x); exit(0); }
