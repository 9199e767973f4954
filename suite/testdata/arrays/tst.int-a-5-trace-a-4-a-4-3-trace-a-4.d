int a[5]; BEGIN { trace(a[4]); a[4] = 3; trace(a[4]); exit(0); }
