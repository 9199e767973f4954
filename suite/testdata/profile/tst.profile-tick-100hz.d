profile:::tick-100hz { exit(0); }
