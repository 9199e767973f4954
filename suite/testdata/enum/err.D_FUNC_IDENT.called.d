enum e { A };
BEGIN { A(); }
