/* status: 1 */
BEGIN { this->p = (char *)alloca(4); bcopy((void *)0, this->p, 4); exit(0); } ERROR { printf("error %d %d\n", arg4, arg5); exit(1); }
