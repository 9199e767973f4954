/* status: 1 */
/* hosts: local */
BEGIN { copyout("a", 1, 2); exit(0); }
