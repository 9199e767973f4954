BEGIN { trace((int *)"abc"); exit(0); }
