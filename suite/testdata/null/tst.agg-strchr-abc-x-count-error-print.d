/* status: 1 */
BEGIN { @[strchr("abc", 'x')] = count(); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
