/* status: 1 */
BEGIN { printf("%d\n", index(NULL, "a")); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
