BEGIN { x = 3; x = "abc"; exit(0); }
