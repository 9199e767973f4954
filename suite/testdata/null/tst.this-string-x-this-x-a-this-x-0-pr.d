/* status: 1 */
this string x; BEGIN { this->x = "a"; this->x = 0; printf("[%s]\n", this->x); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
