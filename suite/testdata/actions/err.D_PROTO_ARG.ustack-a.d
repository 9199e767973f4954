BEGIN { ustack("a"); exit(0); }
