/* args: -q */
/* differs:   */
int s;
BEGIN { for (i = 0; i < 100; i++) { if (i == 7) { break; } if (i % 2) { continue; } s = s + i; } printf("%d\n", i); exit(0); }
