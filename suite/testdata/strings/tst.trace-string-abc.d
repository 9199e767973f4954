BEGIN { trace((string)"abc"); exit(0); }
