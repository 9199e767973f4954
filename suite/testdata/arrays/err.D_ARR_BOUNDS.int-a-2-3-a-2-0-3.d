int a[2][3]; BEGIN { a[2][0] = 3; exit(0); }
