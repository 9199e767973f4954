unsigned char char x; BEGIN { exit(0); }
