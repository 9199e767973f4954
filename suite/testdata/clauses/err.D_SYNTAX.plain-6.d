BEGIN { } { exit(0); }
