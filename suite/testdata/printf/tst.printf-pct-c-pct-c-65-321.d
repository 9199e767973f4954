BEGIN { printf("%c%c", 65, 321); exit(0); }
