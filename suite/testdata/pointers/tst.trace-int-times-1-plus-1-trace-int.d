BEGIN { trace((int *)1 + 1); trace((int *)8 - (int *)4); exit(0); }
