char a[5]; BEGIN { a[0] = 'h'; a[1] = 'i'; trace(stringof(a)); exit(0); }
