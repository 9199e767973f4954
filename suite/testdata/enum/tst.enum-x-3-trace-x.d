enum { X = 3 }; BEGIN { trace(X); exit(0); }
