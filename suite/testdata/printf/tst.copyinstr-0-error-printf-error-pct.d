/* status: 1 */
BEGIN { copyinstr(0); exit(0); } ERROR { printf("error %d %d\n", arg4, arg5); exit(1); }
