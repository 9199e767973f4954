BEGIN { @a = count(); printa(@a, @a); exit(0); }
