BEGIN { @a[1] = sum(5); @a[2] = sum(5); @a[3] = sum(5); trunc(@a, 2); exit(0); }
