string x; BEGIN { printf("%d\n", x == NULL); printf("[%s]\n", strjoin(x, "b")); exit(0); } ERROR { printf("fault %d %d\n", arg4, arg5); exit(1); }
