BEGIN { discard(1); commit(1); } BEGIN { exit(0); }
