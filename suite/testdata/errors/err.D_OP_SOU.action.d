
BEGIN { sym(1).x; exit(0); }
