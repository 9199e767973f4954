BEGIN { bcopy("abc", "def", 3); exit(0); }
