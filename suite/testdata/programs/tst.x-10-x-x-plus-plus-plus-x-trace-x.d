BEGIN { x = 10; x = x++ + x; trace(x); y = x--; trace(y); z = -x; trace(z); trace(+x); trace(!x); trace(!!x); exit(0); }
