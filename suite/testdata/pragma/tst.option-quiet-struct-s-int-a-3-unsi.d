#pragma D option quiet
struct s { int a:3; unsigned b:9; long c:33; char d; } v;
BEGIN { v.a = 7; v.b = 511; v.c = -1; v.d = -1; printf("%x %x %x %x %d %d %d %u\n", v.a, v.b, v.c, v.d, v.a, v.b, v.c, v.d); v.a++; printf("%d\n", v.a); v.b += 3; printf("%d\n", v.b); exit(0); }
