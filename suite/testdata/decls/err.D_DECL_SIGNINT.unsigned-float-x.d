unsigned float x; BEGIN { exit(0); }
