/* status: 1 */
BEGIN { trace(copyinstr(8)); exit(0); } ERROR { printf("%d %x", arg4, arg5); exit(1); }
