/* differs:   */
BEGIN { else { x = 1; } }
