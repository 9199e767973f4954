BEGIN { trace(1uu); exit(0); }
