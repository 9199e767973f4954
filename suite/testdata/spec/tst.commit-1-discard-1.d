BEGIN { commit(1); discard(1); } BEGIN { exit(0); }
