
BEGIN { pid = 2; }
