BEGIN { commit(1); printa(@a); }
