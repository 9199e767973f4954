BEGIN { self->x = 5; trace(self->x); self->s = "abc"; trace(self->s); self->x = 0; self->a[1] = 3; trace(self->a[1]); trace(self->a[2]); exit(0); }
