struct s { static int a; }; BEGIN { exit(0); }
