int a[5]; int b[5]; BEGIN { a[1] = 5; b = a; trace(b[1]); exit(0); }
