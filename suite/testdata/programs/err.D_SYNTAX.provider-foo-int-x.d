provider foo { int x; }; BEGIN { exit(0); }
