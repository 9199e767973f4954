BEGIN { printf("%.*d", 3, 1); exit(0); }
