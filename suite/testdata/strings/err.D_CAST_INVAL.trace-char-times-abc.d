BEGIN { trace((char *)"abc"); exit(0); }
