BEGIN { trace(strstr("a")); exit(0); }
