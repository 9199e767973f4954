BEGIN { x = y = 5; trace(x); trace(y); x += y -= 2; trace(x); trace(y); exit(0); }
