/* differs:   */
BEGIN { trace(toupper(1)); }
