struct s { int a; } v; BEGIN { tracemem(v, 10); exit(0); }
