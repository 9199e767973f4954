BEGIN { trace(1lll); exit(0); }
