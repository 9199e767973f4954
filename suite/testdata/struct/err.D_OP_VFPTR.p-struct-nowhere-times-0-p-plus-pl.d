BEGIN { p = (struct nowhere *)0; p++; exit(0); }
