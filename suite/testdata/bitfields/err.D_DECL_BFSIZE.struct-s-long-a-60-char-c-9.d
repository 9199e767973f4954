struct s { long a:60; char c:9; }; BEGIN { exit(0); }
