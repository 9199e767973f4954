BEGIN { speculate(speculation()); printf("a\n"); } BEGIN { commit(1); } BEGIN { speculate(speculation()); printf("b\n"); } BEGIN { discard(1); } BEGIN { exit(0); }
