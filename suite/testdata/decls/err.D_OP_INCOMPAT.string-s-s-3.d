string s; BEGIN { s = 3; exit(0); }
