/* status: 1 */
BEGIN { this->p = alloca(8); copyinto(0, 8, this->p); exit(0); } ERROR { printf("error %d %d\n", arg4, arg5); exit(1); }
