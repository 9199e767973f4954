BEGIN { trace(strchr(1, 'a')); exit(0); }
