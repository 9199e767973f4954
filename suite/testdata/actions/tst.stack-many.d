/* hosts: linux */
/* args: -q */
BEGIN { printf("ok\n"); exit(0); }
END / 0 / { stack(1000000); ustack(1000000); }
