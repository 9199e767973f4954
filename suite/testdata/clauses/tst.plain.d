BEGIN { exit(0);; }
