inline int x[int i] = i;
BEGIN { x[1] = 2; }
