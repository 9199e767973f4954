struct o { int x; }; translator struct o < struct nosuch *p > { x = 1; }; BEGIN { exit(0); }
