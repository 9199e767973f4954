BEGIN { @a["a", 1] = count(); printa("%-10s %5d %@8d|\n", @a); printa("%*s\n", @a); exit(0); }
