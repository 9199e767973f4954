BEGIN { discard(1); @a = count(); exit(0); }
