BEGIN { self->nosuch++; trace(self->nosuch); exit(0); }
