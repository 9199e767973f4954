BEGIN { tracemem(1, 10, "a"); exit(0); }
