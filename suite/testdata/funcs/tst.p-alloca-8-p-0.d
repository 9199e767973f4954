BEGIN { p = alloca(8); p = 0; exit(0); }
