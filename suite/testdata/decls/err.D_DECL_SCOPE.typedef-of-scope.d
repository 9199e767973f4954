typedef nosuch`foo bar;
BEGIN { }
