enum e { A = 1 + 2, B = A * 2 }; BEGIN { trace(B); exit(0); }
