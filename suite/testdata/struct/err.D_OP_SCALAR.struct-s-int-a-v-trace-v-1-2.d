struct s { int a; } v; BEGIN { trace(v ? 1 : 2); exit(0); }
