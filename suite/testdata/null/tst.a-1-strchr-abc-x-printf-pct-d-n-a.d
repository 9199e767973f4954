/* status: 1 */
BEGIN { a[1] = strchr("abc", 'x'); printf("%d\n", a[1] == NULL); printf("[%s]\n", a[1]); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
