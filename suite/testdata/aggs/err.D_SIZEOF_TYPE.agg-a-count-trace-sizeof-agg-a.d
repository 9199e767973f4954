BEGIN { @a = count(); trace(sizeof(@a)); exit(0); }
