typedef struct foo { int a; } foo_t; foo_t v; BEGIN { v.a = 3; trace(v.a); exit(0); }
