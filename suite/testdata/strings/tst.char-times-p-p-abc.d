char *p; BEGIN { p = "abc"; exit(0); }
