BEGIN { trace("abc" == NULL); exit(0); }
