char a[5]; BEGIN { printf("%s", a); exit(0); }
