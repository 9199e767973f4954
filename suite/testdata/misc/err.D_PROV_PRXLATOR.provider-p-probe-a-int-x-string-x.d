provider p { probe a(int x) : (string x); }; BEGIN { exit(0); }
