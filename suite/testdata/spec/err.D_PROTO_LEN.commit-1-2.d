BEGIN { commit(1, 2); exit(0); }
