BEGIN { x = 5; y = x++ + ++x; trace(x); trace(y); trace(x--); trace(--x); exit(0); }
