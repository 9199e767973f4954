BEGIN { trace(-(int *)8); exit(0); }
