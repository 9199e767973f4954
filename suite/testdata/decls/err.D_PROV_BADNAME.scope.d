provider p`q { probe a(); };
BEGIN { }
