BEGIN { trace(count()); exit(0); }
