BEGIN { printf("%s\n", lltostr(255)); printf("%s\n", lltostr(-0)); exit(0); }
