BEGIN { printf("%d", (int *)1); exit(0); }
