BEGIN { @a[1] = sum(1); @a *= 2; exit(0); }
