enum e x; BEGIN { exit(0); }
