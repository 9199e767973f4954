BEGIN { trace((int[3])1); exit(0); }
