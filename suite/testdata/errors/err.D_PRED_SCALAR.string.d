
struct s { int a; }; struct s g; BEGIN /g/ { exit(0); }
