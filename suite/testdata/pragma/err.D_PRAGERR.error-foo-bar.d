#error foo bar
BEGIN { exit(0); }
