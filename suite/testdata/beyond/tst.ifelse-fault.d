/* args: -q */
/* differs:   */
BEGIN { if (*(int *)8 == 0) { printf("a\n"); } else { printf("b\n"); } printf("c\n"); }
BEGIN { printf("next\n"); exit(0); }
ERROR { printf("fault %d\n", arg4); }
