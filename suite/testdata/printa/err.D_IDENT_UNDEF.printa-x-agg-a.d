BEGIN { printa("x", @a); exit(0); }
