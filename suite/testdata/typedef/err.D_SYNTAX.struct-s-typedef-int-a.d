struct s { typedef int a; }; BEGIN { exit(0); }
