BEGIN { trace((int *)1 == 1); exit(0); }
