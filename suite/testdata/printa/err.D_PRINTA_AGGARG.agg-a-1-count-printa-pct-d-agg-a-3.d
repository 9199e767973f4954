BEGIN { @a[1] = count(); printa("%d", @a, 3); exit(0); }
