/* differs: the Linux port's verifier refuses it */
/* The address of a part of a variable is that part in a copy. */
#pragma D option quiet
struct st { int x; int y[3]; } sv; int a[4]; self int sa[3];
BEGIN { sv.y[1] = 3; sv.x = 4; printf("%d %d %d\n", *&sv.y[1], (&sv.y[0])[1], *&sv.x); }
BEGIN { a[1] = 11; a[2] = 12; p = &a[1]; printf("%d %d %d\n", *p, p[1], *(p + 1)); }
BEGIN { this->i = 2; printf("%d %d\n", *&a[this->i], (&a[this->i])[-1]); }
BEGIN { self->sa[2] = 9; this->i = 1; printf("%d %d\n", *&self->sa[2], (&self->sa[this->i])[1]); }
BEGIN { exit(0); }
