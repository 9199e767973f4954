/* differs:   */
BEGIN { if ("a") { exit(0); } }
