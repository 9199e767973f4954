struct o { int x; }; translator struct o < int *p > { y = 1; }; BEGIN { exit(0); }
