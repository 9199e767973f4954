BEGIN { trace(1); discard(1); exit(0); }
