BEGIN { speculate("a"); exit(0); }
