BEGIN { int a; a = 1; exit(0); }
