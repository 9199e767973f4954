BEGIN { trace(arg0[0]); exit(0); }
