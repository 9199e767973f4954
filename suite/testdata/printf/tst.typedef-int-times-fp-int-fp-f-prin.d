typedef int (*fp)(int); fp f; BEGIN { printf("%d\n", f == NULL); exit(0); }
