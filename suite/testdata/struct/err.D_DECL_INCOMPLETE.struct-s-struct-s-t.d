struct s { struct s t; }; BEGIN { exit(0); }
