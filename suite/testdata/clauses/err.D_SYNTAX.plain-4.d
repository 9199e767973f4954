BEGIN exit(0); }
