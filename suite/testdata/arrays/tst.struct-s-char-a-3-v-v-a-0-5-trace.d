struct s { char a[3]; } v; BEGIN { v.a[0] = 5; trace(v); exit(0); }
