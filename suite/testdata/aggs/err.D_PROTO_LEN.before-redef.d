BEGIN { @a = count(); @a = min(); }
