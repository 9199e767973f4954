BEGIN { @a = pid(); }
