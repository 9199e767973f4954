BEGIN { setopt(1); exit(0); }
