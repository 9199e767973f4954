/* args: -q */
/* differs:   */
BEGIN { n = 0; for (i = 0; i < 4; i++) { for (j = 0; j < 4; j++) { if (i == j) { n += 10; } else { n++; } } } printf("%d\n", n); exit(0); }
