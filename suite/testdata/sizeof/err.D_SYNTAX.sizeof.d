BEGIN { sizeof; }
