int a[int, string]; BEGIN { a[1] = 3; exit(0); }
