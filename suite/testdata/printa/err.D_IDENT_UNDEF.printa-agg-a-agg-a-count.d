BEGIN { printa(@a); @a = count(); exit(0); }
