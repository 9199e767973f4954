BEGIN { @a b = count(); }
