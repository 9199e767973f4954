BEGIN { trace(offsetof(struct nosuchs, x)); exit(0); }
