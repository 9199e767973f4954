int a[int x]; BEGIN { a[1] = 3; trace(a[1]); exit(0); }
