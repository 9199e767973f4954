BEGIN { trace($target); exit(0); }
