/* stderr: 2 speculative drops */
#pragma D option quiet
#pragma D option nspec=2
#pragma D option specsize=100

BEGIN { self->a = speculation(); self->b = speculation(); }
BEGIN { speculate(self->a); printf("%d\n", (int64_t)1); }
BEGIN { speculate(self->a); printf("%d\n", (int64_t)2); }
BEGIN { speculate(self->a); printf("%d %d %d\n", (int64_t)3, (int64_t)3, (int64_t)3); }
BEGIN { speculate(self->a); printf("%s\n", "too long for what is left"); }
BEGIN { speculate(self->b); printf("%d %d %d\n", (int64_t)4, (int64_t)4, (int64_t)4); }
BEGIN { commit(self->a); }
BEGIN { commit(self->b); }
BEGIN { exit(0); }
