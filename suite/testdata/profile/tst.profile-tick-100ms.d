profile:::tick-100ms { exit(0); }
