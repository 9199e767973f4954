/* args: -q */
/* differs:   */
BEGIN { i = 10; while (i > 0) { i -= 3; } printf("%d\n", i); exit(0); }
