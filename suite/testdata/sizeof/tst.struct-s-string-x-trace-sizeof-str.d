struct s { string x; }; BEGIN { trace(sizeof(struct s)); exit(0); }
