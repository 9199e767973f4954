tick-5ms /++n == 3/ { trace(n); exit(0); }
