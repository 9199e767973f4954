int a[2][3]; BEGIN { a[1][3] = 3; exit(0); }
