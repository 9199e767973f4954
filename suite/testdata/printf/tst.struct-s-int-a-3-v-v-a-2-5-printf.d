struct s { int a[3]; } v; BEGIN { v.a[2] = 5; printf("%d\n", v.a[2]); exit(0); }
