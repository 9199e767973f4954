struct s { this int a; }; BEGIN { exit(0); }
