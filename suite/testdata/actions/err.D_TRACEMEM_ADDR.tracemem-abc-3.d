BEGIN { tracemem("abc", 3); exit(0); }
