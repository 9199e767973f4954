struct s { int a:4; int b:4; unsigned c:1; } v; BEGIN { v.a = 7; v.b = 8; v.c = 1; printf("%d %d %d\n", v.a, v.b, v.c); exit(0); }
