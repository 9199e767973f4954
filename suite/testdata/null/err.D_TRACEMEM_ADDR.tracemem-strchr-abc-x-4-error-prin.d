BEGIN { tracemem(strchr("abc", 'x'), 4); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
