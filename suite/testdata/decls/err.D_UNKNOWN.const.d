const;
BEGIN { }
