BEGIN { trace((nosuch_t)1); exit(0); }
