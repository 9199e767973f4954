struct s { int a; } v; BEGIN { trace((struct s)1); exit(0); }
