BEGIN { @a = sum(1, 2); exit(0); }
