profile:::tick-50ms, profile:::tick-70msec { exit(0); }
