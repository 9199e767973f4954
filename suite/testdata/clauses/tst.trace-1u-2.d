BEGIN { trace(1U); exit(0); }
