BEGIN:::  { exit(0); }
