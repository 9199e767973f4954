BEGIN { @a[1] = sum(1); @a += sum(2); exit(0); }
