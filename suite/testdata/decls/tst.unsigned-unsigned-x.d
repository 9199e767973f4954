unsigned unsigned x; BEGIN { exit(0); }
