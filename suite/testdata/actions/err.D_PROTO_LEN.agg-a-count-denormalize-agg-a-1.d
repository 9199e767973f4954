BEGIN { @a = count(); denormalize(@a, 1); exit(0); }
