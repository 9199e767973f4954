BEGIN { printf("%A", usym(1)); exit(0); }
