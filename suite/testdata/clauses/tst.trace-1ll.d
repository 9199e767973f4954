BEGIN { trace(1ll); exit(0); }
