/* differs:   */
BEGIN { trace(toupper()); }
