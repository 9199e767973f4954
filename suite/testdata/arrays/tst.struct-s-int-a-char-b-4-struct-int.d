struct s { int a; char b[4]; struct { int c; } d; } v; BEGIN { v.a = 5; v.b[0] = 'h'; v.d.c = 7; trace(v); exit(0); }
