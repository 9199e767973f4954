struct o { int x; }; translator struct o < int *p > { x = 1; x = 2; }; BEGIN { exit(0); }
