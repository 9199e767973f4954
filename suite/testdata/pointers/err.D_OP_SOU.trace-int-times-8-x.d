BEGIN { trace(((int *)8)->x); exit(0); }
