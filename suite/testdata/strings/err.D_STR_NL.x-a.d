BEGIN { x = "a; }
