struct s { char a; } v; BEGIN { v.a = 5; trace(v); exit(0); }
