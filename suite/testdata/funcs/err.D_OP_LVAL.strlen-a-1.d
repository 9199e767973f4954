BEGIN { strlen("a") = 1; exit(0); }
