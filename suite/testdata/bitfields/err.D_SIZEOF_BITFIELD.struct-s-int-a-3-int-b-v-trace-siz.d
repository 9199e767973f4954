struct s { int a:3; int b; } v; BEGIN { trace(sizeof(v.a)); exit(0); }
