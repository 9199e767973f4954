BEGIN { @a["a", 1] = count(); printa("%2$s\n", @a); exit(0); }
