translator struct nosuch < int *p > { x = 1; }; BEGIN { exit(0); }
