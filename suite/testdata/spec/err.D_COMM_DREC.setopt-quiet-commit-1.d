BEGIN { setopt("quiet"); commit(1); } BEGIN { exit(0); }
