BEGIN { @a[1] = count(); @a[2] = count(); @a[2] = count(); @a[3] = count(); @a[3]=count(); @a[3]=count(); trunc(@a, -2); exit(0); }
