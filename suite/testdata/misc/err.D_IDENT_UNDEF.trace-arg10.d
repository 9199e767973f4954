BEGIN { trace(arg10); exit(0); }
