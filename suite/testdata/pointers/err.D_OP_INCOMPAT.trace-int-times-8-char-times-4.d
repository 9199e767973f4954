BEGIN { trace((int *)8 - (char *)4); exit(0); }
