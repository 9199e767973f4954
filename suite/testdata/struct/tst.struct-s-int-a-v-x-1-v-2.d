struct s { int a; } v; BEGIN { x = 1 ? v : 2; exit(0); }
