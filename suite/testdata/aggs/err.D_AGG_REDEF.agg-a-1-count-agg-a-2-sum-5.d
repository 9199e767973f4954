BEGIN { @a[1] = count(); @a[2] = sum(5) ; exit(0); }
