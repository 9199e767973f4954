BEGIN { @a[1] = sum(10); @b[1] = sum(20); @a[2] = sum(30); @b[3] = sum(5); printa(@a, @b); printa("%d: %@d %@d\n", @a, @b); exit(0); }
