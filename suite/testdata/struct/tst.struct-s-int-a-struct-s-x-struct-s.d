struct s { int a; }; struct s x; struct s y; BEGIN { x.a = 5; y = x; trace(y.a); exit(0); }
