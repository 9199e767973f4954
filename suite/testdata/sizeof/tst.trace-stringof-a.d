BEGIN { trace(stringof("a")); exit(0); }
