/* status: 1 */
BEGIN { self->x = "abc"; self->x = 0; printf("[%s] %d\n", self->x, self->x == NULL); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
