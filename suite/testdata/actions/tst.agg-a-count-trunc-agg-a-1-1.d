BEGIN { @a = count(); trunc(@a[1], 1); exit(0); }
