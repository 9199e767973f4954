BEGIN { trace((void *)"abc"); exit(0); }
