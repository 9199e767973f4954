,BEGIN { exit(0); }
