BEGIN { usym("a"); exit(0); }
