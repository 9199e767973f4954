/* status: 1 */
BEGIN { x = 0; trace(1/x); exit(0); } ERROR { printf("%d", arg4); exit(1); }
