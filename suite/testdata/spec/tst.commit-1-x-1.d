BEGIN { commit(1); x = 1; } BEGIN { exit(0); }
