BEGIN { trace(1 - (int *)8); exit(0); }
