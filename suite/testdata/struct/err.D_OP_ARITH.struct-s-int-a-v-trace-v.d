struct s { int a; } v; BEGIN { trace(-v); exit(0); }
