BEGIN { trace(0x1u); exit(0); }
