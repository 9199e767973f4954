int a[3]; BEGIN { trace((int)a); exit(0); }
