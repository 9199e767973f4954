BEGIN { @a[1] = count(); printa("x", @a[1]); exit(0); }
