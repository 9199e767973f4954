BEGIN { @a = count(); printa("%s\n", @a); exit(0); }
