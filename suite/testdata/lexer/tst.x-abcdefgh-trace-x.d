BEGIN { x = 'abcdefgh'; trace(x); exit(0); }
