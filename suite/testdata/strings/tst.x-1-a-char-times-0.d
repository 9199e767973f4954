BEGIN { x = 1 ? "a" : (char *)0; exit(0); }
