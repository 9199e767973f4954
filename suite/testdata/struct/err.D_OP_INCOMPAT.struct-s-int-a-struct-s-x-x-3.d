struct s { int a; }; struct s x; BEGIN { x = 3; exit(0); }
