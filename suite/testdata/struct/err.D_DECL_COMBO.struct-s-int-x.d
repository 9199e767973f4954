struct s int x; }; BEGIN { exit(0); }
