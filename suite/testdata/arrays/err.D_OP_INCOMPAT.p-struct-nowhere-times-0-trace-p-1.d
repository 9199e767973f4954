BEGIN { p = (struct nowhere *)0; trace(p[1]); exit(0); }
