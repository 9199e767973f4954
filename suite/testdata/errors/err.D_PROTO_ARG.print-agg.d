
BEGIN { @a = count(); print(@a); exit(0); }
