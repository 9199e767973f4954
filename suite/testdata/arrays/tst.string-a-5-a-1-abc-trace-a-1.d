string a[5]; BEGIN { a[1] = "abc"; trace(a[1]); exit(0); }
