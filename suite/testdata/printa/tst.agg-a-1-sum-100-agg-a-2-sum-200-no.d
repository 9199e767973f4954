BEGIN { @a[1] = sum(100); @a[2] = sum(200); normalize(@a, 7); printa("%d %@d\n", @a); normalize(@a, 10); printa("%d %@d\n", @a); denormalize(@a); printa("%d %@d\n", @a); exit(0); }
