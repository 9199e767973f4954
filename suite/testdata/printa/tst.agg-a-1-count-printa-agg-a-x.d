BEGIN { @a[1] = count(); printa(@a["x"]); exit(0); }
