struct s { int a; } v; BEGIN { v.a = 5; trace(v); exit(0); }
