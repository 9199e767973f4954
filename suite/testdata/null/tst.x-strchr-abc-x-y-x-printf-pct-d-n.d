/* status: 1 */
BEGIN { x = strchr("abc", 'x'); y = x; printf("%d\n", y == NULL); a[x] = 1; exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
