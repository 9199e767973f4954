BEGIN { x = "abc"; y = x; x = "def"; trace(x); trace(y); z = strjoin(x, y); trace(z); exit(0); }
