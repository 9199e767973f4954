
BEGIN { nosuch(1); }
