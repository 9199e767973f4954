BEGIN { x = (nosuchmod`nosuch_t *)0; exit(0); }
