struct o { int x; }; translator struct o < int *p > { x = *p; }; translator struct o < int *p > { x = *p; }; BEGIN { exit(0); }
