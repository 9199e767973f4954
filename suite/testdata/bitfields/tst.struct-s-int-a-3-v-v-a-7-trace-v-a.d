struct s { int a:3; } v; BEGIN { v.a = 7; trace(v.a); exit(0); }
