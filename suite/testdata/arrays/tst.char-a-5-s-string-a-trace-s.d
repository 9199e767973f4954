char a[5]; BEGIN { s = (string)a; trace(s); exit(0); }
