BEGIN { x <> 2; }
