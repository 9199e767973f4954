/* hosts: linux */
BEGIN { printf("%d", stack()); exit(0); }
