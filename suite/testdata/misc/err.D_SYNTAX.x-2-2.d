BEGIN { x => 2; }
