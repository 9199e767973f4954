/* differs:   */
BEGIN { if (1) { exit(0); } else { }
