BEGIN { @a = count(); @b = @a; exit(0); }
