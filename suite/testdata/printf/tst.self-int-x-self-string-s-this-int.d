self int x; self string s; this int y; BEGIN { self->x++; self->s = "k"; this->y = 3; printf("%d %s %d\n", self->x, self->s, this->y); exit(0); }
