BEGIN { self string x; }
