BEGIN { trace(offsetof(nosuch_t, x)); exit(0); }
