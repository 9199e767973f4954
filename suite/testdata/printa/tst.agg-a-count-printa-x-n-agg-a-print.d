BEGIN { @a = count(); printa("x\n", @a); printa("%%\n", @a); exit(0); }
