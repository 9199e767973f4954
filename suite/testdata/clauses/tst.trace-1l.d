BEGIN { trace(1l); exit(0); }
