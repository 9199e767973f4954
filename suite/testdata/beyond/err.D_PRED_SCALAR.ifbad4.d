/* differs:   */
BEGIN { if (trace(1)) { exit(0); } }
