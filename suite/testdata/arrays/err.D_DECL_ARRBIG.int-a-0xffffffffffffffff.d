int a[0xffffffffffffffff]; BEGIN { exit(0); }
