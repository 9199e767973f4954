enum e { A, B = 5, C }; BEGIN { trace(A); trace(B); trace(C); trace(sizeof(enum e)); exit(0); }
