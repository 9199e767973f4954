int a[int, string]; BEGIN { a["a", 1] = 3; exit(0); }
