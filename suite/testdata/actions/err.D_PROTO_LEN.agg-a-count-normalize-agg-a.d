BEGIN { @a = count(); normalize(@a); exit(0); }
