struct s { int a; }; union s { int a; }; BEGIN { exit(0); }
