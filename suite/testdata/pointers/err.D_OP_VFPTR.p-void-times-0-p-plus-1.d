BEGIN { p = (void *)0; p += 1; exit(0); }
