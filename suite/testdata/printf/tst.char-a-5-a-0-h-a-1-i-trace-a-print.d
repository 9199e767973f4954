char a[5]; BEGIN { a[0] = 'h'; a[1] = 'i'; trace(a); printf("%s|%c", a, a[0]); exit(0); }
