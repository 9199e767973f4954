BEGIN { trace(x[1]); exit(0); }
