BEGIN { printf("%d\n", strchr("abc", 'x') < "a"); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
