BEGIN { setopt("bufsize", "1m"); exit(0); }
