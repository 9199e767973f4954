BEGIN { trace(arg0); trace(arg1); exit(0); }
