BEGIN { trace(rindex("a")); exit(0); }
