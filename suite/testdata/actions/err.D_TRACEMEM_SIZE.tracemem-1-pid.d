BEGIN { tracemem(1, pid); exit(0); }
