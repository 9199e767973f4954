BEGIN { strlen("a")++; exit(0); }
