BEGIN { trace(htons("a")); exit(0); }
