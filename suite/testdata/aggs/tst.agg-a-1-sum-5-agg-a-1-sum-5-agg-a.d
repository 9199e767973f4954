BEGIN { @a[1] = sum(5); @a[1] = sum(-5); @a[2] = sum(0); exit(0); }
