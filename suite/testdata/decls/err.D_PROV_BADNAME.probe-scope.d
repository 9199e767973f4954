provider p { probe a`b(); };
BEGIN { }
