BEGIN { clear(@a); @a = count(); exit(0); }
