BEGIN { trace("a\tb\101\x42\0c\e\q"); exit(0); }
