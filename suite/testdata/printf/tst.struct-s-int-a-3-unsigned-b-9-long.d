struct s { int a:3; unsigned b:9; long c:33; } v; BEGIN { v.a = 3; v.b = 300; v.c = 7; trace(v.a); trace(v.b); trace(v.c); printf("%d %d %d", v.a, v.b, v.c); exit(0); }
