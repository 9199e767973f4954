BEGIN { tracemem(1, 10, 2, 3); exit(0); }
