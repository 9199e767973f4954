BEGIN { trace(1ul); exit(0); }
