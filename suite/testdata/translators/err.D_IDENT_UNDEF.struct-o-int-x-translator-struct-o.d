struct o { int x; }; translator struct o < int *p > { x = q; }; BEGIN { exit(0); }
