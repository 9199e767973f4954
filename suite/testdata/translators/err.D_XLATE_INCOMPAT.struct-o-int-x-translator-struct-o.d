struct o { int x; }; translator struct o < int *p > { x = "abc"; }; BEGIN { exit(0); }
