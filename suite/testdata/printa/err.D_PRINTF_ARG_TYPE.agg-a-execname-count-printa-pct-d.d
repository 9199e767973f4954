BEGIN { @a[execname] = count(); printa("%d\n", @a); exit(0); }
