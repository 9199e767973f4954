BEGIN { { exit(0); } }
