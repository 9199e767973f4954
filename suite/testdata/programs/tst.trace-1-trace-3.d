/* status: 2 */
BEGIN { trace(1); exit(2); trace(3); }
