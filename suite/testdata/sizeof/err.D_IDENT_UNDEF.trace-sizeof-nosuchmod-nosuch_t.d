BEGIN { trace(sizeof(nosuchmod`nosuch_t)); exit(0); }
