struct o { int x; }; translator struct o < int > { x = 1; }; BEGIN { exit(0); }
