BEGIN { trace($projid); exit(0); }
