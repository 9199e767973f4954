provider foo { probe bar(int a) : (string a); }; BEGIN { exit(0); }
