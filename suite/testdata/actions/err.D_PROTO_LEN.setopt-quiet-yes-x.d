BEGIN { setopt("quiet", "yes", "x"); exit(0); }
