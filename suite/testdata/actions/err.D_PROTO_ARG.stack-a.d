BEGIN { stack("a"); exit(0); }
