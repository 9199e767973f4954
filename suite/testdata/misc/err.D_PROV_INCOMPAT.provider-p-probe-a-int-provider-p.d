provider p { probe a(int); }; provider p { probe a(long); }; BEGIN { exit(0); }
