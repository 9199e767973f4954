BEGIN { x = "abc"; y = x + "def"; exit(0); }
