BEGIN { sym("a"); exit(0); }
