struct s { int a; } v; struct t { int a; }; BEGIN { trace((struct t)v); exit(0); }
