BEGIN { trace($zoneid); exit(0); }
