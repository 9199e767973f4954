tick-1s, BEGIN { trace(args[0]); exit(0); }
