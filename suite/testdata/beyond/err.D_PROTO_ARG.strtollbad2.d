/* differs:   */
BEGIN { trace(strtoll("1", "a")); }
