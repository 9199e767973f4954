/* status: 1 */
/* stderr: could not enable tracing */
BEGIN { raise(9); exit(0); }
