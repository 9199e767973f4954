BEGIN { tracemem(1, "a"); exit(0); }
