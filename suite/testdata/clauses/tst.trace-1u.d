BEGIN { trace(1u); exit(0); }
