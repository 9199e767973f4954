struct s { int a; } v; BEGIN { trace((long)v); exit(0); }
