BEGIN { setopt("aggrate", "x"); exit(0); }
