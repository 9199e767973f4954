BEGIN { @a[1] = sum(1); @b[2] = sum(2); @c[3] = sum(3); printa(@a, @b, @c); exit(0); }
