BEGIN { trace(copyinstr("a")); exit(0); }
