profile-1 { trace(args[0]); exit(0); }
