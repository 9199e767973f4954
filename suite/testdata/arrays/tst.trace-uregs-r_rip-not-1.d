/* hosts: linux */
BEGIN { trace(uregs[R_RIP] != 1); exit(0); }
