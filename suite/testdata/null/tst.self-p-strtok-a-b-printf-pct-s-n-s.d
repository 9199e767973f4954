/* args: -q */
BEGIN { self->p = strtok("a,b", ","); printf("%s\n", self->p); self->p = strtok(NULL, ","); printf("%s\n", self->p); self->p = strtok(NULL, ","); printf("%s\n", self->p == NULL ? "<null>" : self->p); exit(0); } ERROR { exit(1); }
