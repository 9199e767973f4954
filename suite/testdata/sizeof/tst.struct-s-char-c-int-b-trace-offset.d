struct s { char c; int b; }; BEGIN { trace(offsetof(struct s, b)); exit(0); }
