self typedef int x; BEGIN { exit(0); }
