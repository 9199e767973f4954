/* status: 1 */
BEGIN { printf("%s\n", strtok(NULL, ",")); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
