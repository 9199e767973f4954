/* hosts: linux */
/* A speculation that is committed is free when the consumer has read it. */
BEGIN { i = speculation(); }
BEGIN { speculate(i); trace("one"); }
BEGIN { commit(i); }
BEGIN { j = speculation(); exit(0); }
