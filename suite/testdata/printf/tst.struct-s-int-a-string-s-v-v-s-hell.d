struct s { int a; string s; } v; BEGIN { v.s = "hello"; v.a = 3; w = v; w.s = "bye"; printf("%s %s %d\n", v.s, w.s, w.a); exit(0); }
