provider foo { probe bar(int, ...); }; BEGIN { exit(0); }
