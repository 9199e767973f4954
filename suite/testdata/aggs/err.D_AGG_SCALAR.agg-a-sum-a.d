BEGIN { @a = sum("a"); exit(0); }
