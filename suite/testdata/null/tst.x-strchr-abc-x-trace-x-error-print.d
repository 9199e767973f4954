/* status: 1 */
BEGIN { x = strchr("abc", 'x'); trace(x); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
