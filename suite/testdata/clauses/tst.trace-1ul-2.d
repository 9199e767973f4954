BEGIN { trace(1UL); exit(0); }
