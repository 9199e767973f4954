int *p; BEGIN { p = 0; trace(p); exit(0); }
