BEGIN { x = "abc"; x++; exit(0); }
