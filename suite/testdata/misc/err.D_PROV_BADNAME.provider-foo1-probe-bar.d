provider foo1 { probe bar(); }; BEGIN { exit(0); }
