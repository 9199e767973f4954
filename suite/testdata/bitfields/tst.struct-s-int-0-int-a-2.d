struct s { int :0; int a:2; }; BEGIN { exit(0); }
