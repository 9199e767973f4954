struct nosuchs x; BEGIN { exit(0); }
