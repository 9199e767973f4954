/* status: 1 */
BEGIN { printf("%s\n", substr(strchr("abc", 'x'), 1)); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
