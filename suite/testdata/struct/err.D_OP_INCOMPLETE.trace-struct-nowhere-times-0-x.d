BEGIN { trace(((struct nowhere *)0)->x); exit(0); }
