BEGIN { p = (void *)0; trace(p + 1); exit(0); }
