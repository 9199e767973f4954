BEGIN { trace((int *)1 == (char *)1); exit(0); }
