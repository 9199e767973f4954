/* args: -q */
/* differs:   */
BEGIN /1/ { if (pid == $pid) { printf("self\n"); } }
BEGIN /0/ { if (1) { printf("never\n"); } }
BEGIN { exit(0); }
