/* hosts: linux */
BEGIN { speculate(1); stack(); printf("x"); tracemem(1,1); ustack(); } BEGIN { exit(0); }
