BEGIN { @a[1] = count(); trunc(@a, 0); @a[2] = count(); exit(0); }
