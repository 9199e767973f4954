/* differs:   */
BEGIN { for (i = 0; i < 5; i++) { printf("%d ", i); } exit(0); }
