BEGIN { @a = count(); normalize(@a, "x"); exit(0); }
