BEGIN { @a[1] = count(); @a[2] = count(); printa("%d\n", @a); printa("%@d\n", @a); exit(0); }
