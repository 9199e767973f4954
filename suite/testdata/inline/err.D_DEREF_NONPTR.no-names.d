inline int x[int] = 1;
BEGIN { trace(x[1]); }
