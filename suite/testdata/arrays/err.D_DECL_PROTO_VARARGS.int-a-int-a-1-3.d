int a[int, ...]; BEGIN { a[1] = 3; exit(0); }
