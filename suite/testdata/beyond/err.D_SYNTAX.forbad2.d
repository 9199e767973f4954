/* differs:   */
BEGIN { break; }
