self int x[int]; BEGIN { self->x[1] = 3; trace(self->x[1]); exit(0); }
