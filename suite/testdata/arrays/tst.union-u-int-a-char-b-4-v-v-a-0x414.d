union u { int a; char b[4]; } v; BEGIN { v.a = 0x41424344; trace(v.b[0]); exit(0); }
