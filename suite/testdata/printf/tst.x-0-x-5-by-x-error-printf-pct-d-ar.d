/* status: 1 */
BEGIN { x = 0; x = 5 / x; exit(0); } ERROR { printf("%d", arg4); exit(1); }
