int a[2][3]; BEGIN { a[1][2] = 3; trace(a[1][2]); trace(sizeof(a)); exit(0); }
