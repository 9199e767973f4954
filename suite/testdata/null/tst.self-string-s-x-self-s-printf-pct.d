/* args: -q */
/* status: 1 */
self string s; BEGIN { x = self->s; printf("%d\n", x == NULL); printf("[%s]\n", x); exit(0); } ERROR { exit(1); }
