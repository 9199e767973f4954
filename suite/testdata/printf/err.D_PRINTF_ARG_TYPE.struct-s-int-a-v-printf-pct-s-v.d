struct s { int a; } v; BEGIN { printf("%s", v); exit(0); }
