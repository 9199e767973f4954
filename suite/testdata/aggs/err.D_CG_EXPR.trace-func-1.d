BEGIN { trace(func(1)); exit(0); }
