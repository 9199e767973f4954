/* status: 1 */
BEGIN { a[1] = "abc"; a[1] = 0; printf("[%s] %d\n", a[1], a[1] == NULL); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
