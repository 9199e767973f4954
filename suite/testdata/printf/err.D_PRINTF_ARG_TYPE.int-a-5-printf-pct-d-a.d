int a[5]; BEGIN { printf("%d", a); exit(0); }
