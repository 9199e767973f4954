BEGIN { @a = count(); @b = count(); } END { printa(@b); } BEGIN { exit(0); }
