int f(int)[5]; BEGIN { exit(0); }
