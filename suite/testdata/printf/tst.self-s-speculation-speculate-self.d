BEGIN { self->s = speculation(); } BEGIN { speculate(self->s); printf("spec\n"); } BEGIN { commit(self->s); } BEGIN { exit(0); }
