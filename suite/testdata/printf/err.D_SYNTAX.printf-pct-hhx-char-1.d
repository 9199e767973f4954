BEGIN { printf("%hhx", (char)-1); exit(0); }
