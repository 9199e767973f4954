struct s { int a:2; int b:x; }; BEGIN { exit(0); }
