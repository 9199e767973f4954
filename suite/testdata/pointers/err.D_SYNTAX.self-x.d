self->x { exit(0); }
