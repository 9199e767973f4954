BEGIN { stack(-1); exit(0); }
