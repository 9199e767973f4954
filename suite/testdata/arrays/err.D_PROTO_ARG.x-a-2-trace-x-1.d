BEGIN { x["a"] = 2; trace(x[1]); exit(0); }
