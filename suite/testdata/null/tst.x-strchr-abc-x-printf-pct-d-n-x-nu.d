BEGIN { x = strchr("abc", 'x'); printf("%d\n", x == NULL); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
