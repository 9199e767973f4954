BEGIN { trace(1 && 0 || 1); trace(1 ^^ 1 || 0); trace(0 || 0 ^^ 1); trace(1 || 1 && 0); trace(!1 || 1); exit(0); }
