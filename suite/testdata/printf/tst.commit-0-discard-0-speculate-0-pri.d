BEGIN { commit(0); } BEGIN { discard(0); } BEGIN { speculate(0); printf("x\n"); } BEGIN { exit(0); }
