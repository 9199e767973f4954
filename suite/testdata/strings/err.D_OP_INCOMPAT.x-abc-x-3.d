BEGIN { x = "abc"; x = 3; exit(0); }
