typedef foo_t bar; BEGIN { exit(0); }
