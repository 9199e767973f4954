BEGIN { setopt("quiet"); exit(0); }
