struct o { int x; }; translator struct o < int *pid > { x = 1; }; BEGIN { exit(0); }
