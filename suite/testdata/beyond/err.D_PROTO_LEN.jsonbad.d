/* differs:   */
BEGIN { trace(json("a")); }
