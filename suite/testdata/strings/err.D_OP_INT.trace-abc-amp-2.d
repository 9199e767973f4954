BEGIN { trace("abc" & 2); exit(0); }
