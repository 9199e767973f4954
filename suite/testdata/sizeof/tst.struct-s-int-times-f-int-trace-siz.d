struct s { int (*f)(int); }; BEGIN { trace(sizeof(struct s)); exit(0); }
