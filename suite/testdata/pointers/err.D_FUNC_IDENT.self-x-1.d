BEGIN { self->x(1); exit(0); }
