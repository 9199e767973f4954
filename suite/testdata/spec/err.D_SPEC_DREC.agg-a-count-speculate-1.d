BEGIN { @a = count(); speculate(1); } BEGIN { exit(0); }
