} BEGIN { exit(0); }
