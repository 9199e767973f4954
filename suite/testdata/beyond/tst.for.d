/* args: -q */
/* differs:   */
BEGIN { n = 1; for (i = 0; i < 5; i++) { n *= 2; @[i] = sum(n); } printf("%d\n", n); exit(0); }
