struct o { int x; }; translator struct o < int *p > { x = 1; }; translator struct o < int *p > { x = 2; }; BEGIN { exit(0); }
