/* status: 1 */
string x; BEGIN { x = NULL; printf("%d [%s]\n", strlen(x), x); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
