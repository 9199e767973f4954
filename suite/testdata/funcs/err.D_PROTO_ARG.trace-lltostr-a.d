BEGIN { trace(lltostr("a")); exit(0); }
