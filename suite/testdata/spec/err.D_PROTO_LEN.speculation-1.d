BEGIN { speculation(1); exit(0); }
