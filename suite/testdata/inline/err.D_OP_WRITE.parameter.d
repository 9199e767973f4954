inline int x[int i] = i++;
BEGIN { trace(x[1]); }
