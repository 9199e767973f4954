short long x; BEGIN { exit(0); }
