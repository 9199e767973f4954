BEGIN { x = "abc"; trace(x[1]); exit(0); }
