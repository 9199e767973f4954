union u { int i; char c[4]; } v; BEGIN { v.i = 0x01020304; printf("%d %d\n", v.c[0], v.c[3]); exit(0); }
