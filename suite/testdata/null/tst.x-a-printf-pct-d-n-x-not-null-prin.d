BEGIN { x = "a"; printf("%d\n", x != NULL); printf("%d\n", NULL == x); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
