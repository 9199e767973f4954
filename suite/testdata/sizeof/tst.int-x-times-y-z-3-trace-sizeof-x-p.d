int x, *y, z[3]; BEGIN { trace(sizeof(x) + sizeof(y) + sizeof(z)); exit(0); }
