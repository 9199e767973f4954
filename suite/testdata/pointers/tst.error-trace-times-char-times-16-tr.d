ERROR { trace(*(char *)16); } BEGIN { trace(*(char *)16); } BEGIN { exit(0); }
