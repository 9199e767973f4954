BEGIN { @a = count(); } BEGIN { speculate(1); printa(@a); } BEGIN { exit(0); }
