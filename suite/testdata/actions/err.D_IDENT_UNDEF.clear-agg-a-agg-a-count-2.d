BEGIN { clear(@a); exit(0); } BEGIN { @a = count(); }
