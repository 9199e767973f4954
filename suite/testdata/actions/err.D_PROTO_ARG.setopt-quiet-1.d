BEGIN { setopt("quiet", 1); exit(0); }
