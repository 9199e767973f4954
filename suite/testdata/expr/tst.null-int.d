/* args: -q */
BEGIN { y = 5; y = NULL; printf("%d %d %d\n", NULL, y, pid == NULL); exit(0); }
