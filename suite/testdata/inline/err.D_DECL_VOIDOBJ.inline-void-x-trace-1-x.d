inline void x = trace(1); BEGIN { x; exit(0); }
