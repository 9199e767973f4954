
BEGIN { printf(1); }
