BEGIN { self->x = 1; self->x[1] = 2; exit(0); }
