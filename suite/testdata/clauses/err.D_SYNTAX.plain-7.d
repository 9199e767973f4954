{ exit(0); }
