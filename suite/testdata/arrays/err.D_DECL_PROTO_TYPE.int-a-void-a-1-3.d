int a[void]; BEGIN { a[1] = 3; exit(0); }
