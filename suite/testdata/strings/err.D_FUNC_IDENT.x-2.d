BEGIN { "x"(2); exit(0); }
