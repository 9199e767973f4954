BEGIN { trace((void *)8 + 1); exit(0); }
