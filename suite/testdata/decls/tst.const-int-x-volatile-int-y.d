const int x; volatile int y; BEGIN { exit(0); }
