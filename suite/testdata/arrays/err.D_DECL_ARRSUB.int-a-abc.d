int a["abc"]; BEGIN { exit(0); }
