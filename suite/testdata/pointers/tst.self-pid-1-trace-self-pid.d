BEGIN { self->pid = 1; trace(self->pid); exit(0); }
