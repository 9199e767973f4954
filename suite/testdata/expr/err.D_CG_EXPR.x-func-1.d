BEGIN { x = func(1); exit(0); }
