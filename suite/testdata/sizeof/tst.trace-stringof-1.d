BEGIN { trace(stringof(1)); exit(0); }
