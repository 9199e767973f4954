provider foo1 { probe bar(int); }; BEGIN { exit(0); }
