struct o { int x; }; translator struct o < int *p > { x = *p; x = 2; }; BEGIN { exit(0); }
