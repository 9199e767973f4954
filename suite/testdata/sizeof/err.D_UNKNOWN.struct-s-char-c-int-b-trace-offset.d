struct s { char c; int b; }; BEGIN { trace(offsetof(struct s, x)); exit(0); }
