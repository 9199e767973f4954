BEGIN { printf("%x %p", (int *)1, (int *)1); exit(0); }
