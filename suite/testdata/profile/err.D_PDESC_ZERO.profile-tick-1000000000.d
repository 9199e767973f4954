profile:::tick-1000000000 { exit(0); }
