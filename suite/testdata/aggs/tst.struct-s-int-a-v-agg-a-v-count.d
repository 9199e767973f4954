struct s { int a; } v; BEGIN { @a[v] = count(); exit(0); }
