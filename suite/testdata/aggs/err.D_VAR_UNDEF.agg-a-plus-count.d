BEGIN { @a += count(); exit(0); }
