BEGIN { @a = count(); trace((int)@a); exit(0); }
