int a[5]; int b[4]; BEGIN { b = a; exit(0); }
