BEGIN { trace(1Ul); exit(0); }
