provider foo { probe bar(nosuch_t); }; BEGIN { exit(0); }
