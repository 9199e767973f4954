BEGIN { trace((string)1); exit(0); }
