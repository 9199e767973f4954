BEGIN { trace(args[x]); exit(0); }
