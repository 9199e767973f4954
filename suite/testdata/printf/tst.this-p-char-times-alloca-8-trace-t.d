/* status: 1 */
BEGIN { this->p = (char *)alloca(8); trace(this->p[8]); exit(0); } ERROR { printf("%d", arg4); exit(1); }
