enum e { A = 3 } v; BEGIN { v = A; trace(v); trace(v == 3); exit(0); }
