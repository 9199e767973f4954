/* status: 1 */
self string x; BEGIN { printf("%d [%s]\n", strlen(self->x), self->x); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
