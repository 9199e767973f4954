struct s { int a; }; BEGIN { trace(((struct s *)8).a); exit(0); }
