BEGIN { @a[1] = count(); clear(@a); exit(0); }
