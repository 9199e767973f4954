/* args: -xagghist */
/* differs:   */
BEGIN { @a["a"] = sum(10); @a["b"] = sum(20); @a["c"] = sum(5); exit(0); }
