/* differs:   */
BEGIN { trace(lltostr(1, 2, 3)); }
