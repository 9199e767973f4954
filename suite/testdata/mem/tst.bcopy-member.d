#pragma D option quiet
/* Arrays and members in scratch memory are scratch memory. */
struct in { int a; char b[8]; };
BEGIN { this->i = (struct in *)alloca(sizeof (struct in)); bcopy("hi", this->i->b, 3); printf("%s\n", stringof(this->i->b)); }
BEGIN { this->v = 7; this->i = (struct in *)alloca(sizeof (struct in)); bcopy("yo", &this->i->b[1], 3); this->i->b[0] = 'x'; printf("%s\n", stringof(&this->i->b[0])); exit(0); }
