BEGIN { x[1] = 2; x["a"] = 1; exit(0); }
