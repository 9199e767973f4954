inline int x = trace(1);
BEGIN { }
