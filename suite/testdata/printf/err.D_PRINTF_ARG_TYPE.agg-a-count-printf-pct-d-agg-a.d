BEGIN { @a = count(); printf("%d", @a); exit(0); }
