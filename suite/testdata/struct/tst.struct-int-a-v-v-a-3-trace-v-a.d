struct { int a; } v; BEGIN { v.a = 3; trace(v.a); exit(0); }
