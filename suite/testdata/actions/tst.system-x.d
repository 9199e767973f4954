/* status: 1 */
/* stderr: could not enable tracing */
BEGIN { system("x"); exit(0); }
