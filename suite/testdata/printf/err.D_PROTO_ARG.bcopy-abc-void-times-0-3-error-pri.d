BEGIN { bcopy("abc", (void *)0, 3); exit(0); } ERROR { printf("error %d\n", arg4); exit(1); }
