
BEGIN { x = 1; x += sym(1); exit(0); }
