BEGIN { trace(substr(1, 1)); exit(0); }
