/* hosts: linux */
BEGIN { trace(uregs[0] != 12345); exit(0); }
