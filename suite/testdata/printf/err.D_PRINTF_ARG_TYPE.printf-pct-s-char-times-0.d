BEGIN { printf("%s", (char *)0); exit(0); }
