BEGIN { trace(args[1,2]); exit(0); }
