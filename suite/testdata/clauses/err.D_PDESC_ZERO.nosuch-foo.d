nosuch:::foo, BEGIN { exit(0); }
