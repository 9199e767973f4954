self int x; this char y; BEGIN { self->x = 300; this->y = 300; trace(self->x); trace(this->y); exit(0); }
