BEGIN { @a->b = count(); exit(0); }
