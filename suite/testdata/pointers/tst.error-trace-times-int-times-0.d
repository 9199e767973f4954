ERROR { exit(0); } BEGIN { trace(*(int *)0); }
