struct s { int a; }; struct s x; BEGIN { y = x; trace(y.a); exit(0); }
