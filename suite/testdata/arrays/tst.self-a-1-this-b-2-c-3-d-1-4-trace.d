BEGIN { self->a = 1; this->b = 2; c = 3; d[1] = 4; } BEGIN { trace(self->a); trace(this->b); trace(c); trace(d[1]); exit(0); }
