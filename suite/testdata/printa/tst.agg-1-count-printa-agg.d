BEGIN { @[1] = count(); printa(@); exit(0); }
