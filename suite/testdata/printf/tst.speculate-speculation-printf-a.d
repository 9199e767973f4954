BEGIN { speculate(speculation()); printf("a"); } BEGIN { exit(0); }
