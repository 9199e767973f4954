#pragma D option quiet

BEGIN { speculate(0); printf("never\n"); }
BEGIN { commit(0); discard(0); }
BEGIN { printf("ok\n"); exit(0); }
