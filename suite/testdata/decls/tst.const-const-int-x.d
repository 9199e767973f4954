const const int x; BEGIN { exit(0); }
