BEGIN { @a[1] = sum(1); @a[2] = sum(2); @a[3] = sum(3); n = 1; trunc(@a, n); exit(0); }
