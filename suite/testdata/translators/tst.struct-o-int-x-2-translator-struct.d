struct o { int x[2]; }; translator struct o < int *p > { x = p; }; BEGIN { exit(0); }
