/* args: -q */
struct s { string a; } v; BEGIN { printf("[%s]\n", v.a); v.a = ""; printf("[%s]\n", v.a); exit(0); } ERROR { exit(1); }
