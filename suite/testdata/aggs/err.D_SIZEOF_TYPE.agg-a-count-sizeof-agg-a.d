BEGIN { @a = count(); sizeof(@a); exit(0); }
