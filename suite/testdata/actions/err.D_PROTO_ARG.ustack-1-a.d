BEGIN { ustack(1, "a"); exit(0); }
