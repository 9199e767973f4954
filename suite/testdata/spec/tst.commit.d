#pragma D option quiet

#pragma D option nspec=4
BEGIN { self->s = speculation(); self->d = speculation(); printf("%d\n", self->s != self->d && self->s > 0); }
BEGIN { speculate(self->s); printf("speculated\n"); }
BEGIN { speculate(self->d); printf("discarded\n"); }
BEGIN { printf("direct\n"); }
BEGIN { commit(self->s); }
BEGIN { discard(self->d); }
BEGIN { exit(0); }
