BEGIN { @a["x"] = count(); printa("%s %@s\n", @a); exit(0); }
