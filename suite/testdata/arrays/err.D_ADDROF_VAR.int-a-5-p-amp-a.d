int a[5]; BEGIN { p = &a; exit(0); }
