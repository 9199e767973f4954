BEGIN { trace(*8); exit(0); }
