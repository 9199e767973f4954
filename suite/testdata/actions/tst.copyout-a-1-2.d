/* status: 1 */
/* stderr: could not enable tracing */
BEGIN { copyout("a", 1, 2); exit(0); }
