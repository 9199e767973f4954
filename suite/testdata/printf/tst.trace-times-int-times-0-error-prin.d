/* status: 1 */
BEGIN { trace(*(int *)0); exit(0); } ERROR { printf("%d %x", arg4, arg5); exit(1); }
