string *s; BEGIN { exit(0); }
