provider p { probe }; BEGIN { exit(0); }
