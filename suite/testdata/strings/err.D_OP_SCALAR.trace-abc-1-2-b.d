BEGIN { trace("abc" ? 1 : 2); exit(0); }
