int (*p)(int); BEGIN { p++; exit(0); }
