/* args: -q */
/* differs:   */
BEGIN { printf("%d %d %d\n", strlen(cwd) > 0, root == "/", strlen(cwd) > 0); printf("%d %d\n", strlen(zonename) > 0, strlen(threadname) > 0); exit(0); }
