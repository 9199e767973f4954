BEGIN { trace(,1); }
