typedef extern int x; BEGIN { exit(0); }
