double _Complex x;
BEGIN { }
