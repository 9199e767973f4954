BEGIN { trace("abc" || 1); exit(0); }
