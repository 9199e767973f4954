BEGIN { trace((struct nosuchs *)1); exit(0); }
