int a[int][int]; BEGIN { a[1][2] = 3; exit(0); }
