struct s { short a; } v; BEGIN { v.a = 5; trace(v); exit(0); }
