BEGIN { printf("%s %s\n", strtok("a b c", " "), strtok(NULL, " ")); printf("%s\n", strtok("x", " ")); exit(0); }
