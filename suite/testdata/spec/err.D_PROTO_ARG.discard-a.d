BEGIN { discard("a"); exit(0); }
