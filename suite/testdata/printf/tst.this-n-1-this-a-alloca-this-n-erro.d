/* status: 1 */
/* differs: the Linux port takes a negative size for 0 */
BEGIN { this->n = -1; this->a = alloca(this->n); exit(0); } ERROR { printf("error %d\n", arg4); exit(1); }
