BEGIN { uaddr("a"); exit(0); }
