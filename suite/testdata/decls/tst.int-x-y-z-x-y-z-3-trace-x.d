int x, y, z; BEGIN { x = y = z = 3; trace(x); exit(0); }
