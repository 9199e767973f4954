BEGIN { x = strtok("", ","); printf("%d\n", x == NULL); y = strtok(",,,", ","); printf("%d\n", y == NULL); printf("%s\n", strtok("abc", "")); exit(0); }
