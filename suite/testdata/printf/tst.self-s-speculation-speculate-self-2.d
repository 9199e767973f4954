BEGIN { self->s = speculation(); } BEGIN { speculate(self->s); printf("spec\n"); } BEGIN { discard(self->s); } BEGIN { exit(0); }
