struct s { struct t a:3; } v; BEGIN { exit(0); }
