BEGIN { @a = avg(); exit(0); }
