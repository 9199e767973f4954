BEGIN { trace((int *)1 + (int *)1); exit(0); }
