struct { int x } y; BEGIN { exit(0); }
