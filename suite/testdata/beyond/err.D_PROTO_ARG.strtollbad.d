/* differs:   */
BEGIN { trace(strtoll(1)); }
