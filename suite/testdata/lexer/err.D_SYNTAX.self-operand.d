BEGIN { trace(self 1); }
