BEGIN { speculate(1); setopt("quiet"); } BEGIN { exit(0); }
