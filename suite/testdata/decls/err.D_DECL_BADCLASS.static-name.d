static x;
BEGIN { }
