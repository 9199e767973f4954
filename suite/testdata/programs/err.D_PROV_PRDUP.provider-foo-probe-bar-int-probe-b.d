provider foo { probe bar(int); probe bar(int); }; BEGIN { exit(0); }
