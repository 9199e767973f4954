BEGIN { x = 0b1; }
