BEGIN { x = y z; }
