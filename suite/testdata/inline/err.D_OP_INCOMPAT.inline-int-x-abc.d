inline int x = "abc"; BEGIN { exit(0); }
