BEGIN { tracemem(); exit(0); }
