/* args: -xagghist */
/* differs:   */
BEGIN { @a[1] = sum(10); @a[2] = sum(-20); exit(0); }
