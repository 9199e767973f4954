int x[struct nosuch];
BEGIN { }
