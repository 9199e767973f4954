struct s { struct s *t; }; BEGIN { trace(sizeof(struct s)); exit(0); }
