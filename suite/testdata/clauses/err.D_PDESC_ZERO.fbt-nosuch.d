fbt:::nosuch { exit(0); }
