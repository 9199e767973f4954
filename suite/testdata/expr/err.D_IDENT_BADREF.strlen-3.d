BEGIN { strlen = 3; exit(0); }
