BEGIN { tracemem("a", 10); exit(0); }
