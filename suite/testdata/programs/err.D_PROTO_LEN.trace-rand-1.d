BEGIN { trace(rand(1)); exit(0); }
