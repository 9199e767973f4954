BEGIN { @a[x] = count(); exit(0); }
