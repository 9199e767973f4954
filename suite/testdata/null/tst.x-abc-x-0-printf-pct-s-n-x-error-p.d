/* status: 1 */
BEGIN { x = "abc"; x = 0; printf("[%s]\n", x); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
