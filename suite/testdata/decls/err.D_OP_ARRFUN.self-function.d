self int f(int);
BEGIN { self->f = 1; }
