struct s { int a; } a[3]; BEGIN { a[1].a = 5; printf("%d %d\n", a[1].a, a[0].a); exit(0); }
