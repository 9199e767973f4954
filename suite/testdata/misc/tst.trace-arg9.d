BEGIN { trace(arg9); exit(0); }
