
BEGIN { y = sym(1); trace(y); exit(0); }
