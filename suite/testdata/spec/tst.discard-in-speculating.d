BEGIN { i = speculation(); }
BEGIN { speculate(i); printf("one"); }
BEGIN { speculate(i); discard(i); }
BEGIN { printf("two"); }
BEGIN { commit(i); }
BEGIN { exit(0); }
