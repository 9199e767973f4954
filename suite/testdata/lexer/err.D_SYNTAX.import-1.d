BEGIN { import = 1; exit(0); }
