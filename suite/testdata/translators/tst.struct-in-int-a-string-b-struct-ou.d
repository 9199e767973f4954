/* differs: the Linux port has 256 bytes of scratch memory */
struct in { int a; string b; }; struct out { int x; string y; };
translator struct out < struct in *i > { x = i->a + 1; y = i->b; };
BEGIN { this->p = (struct in *)alloca(sizeof(struct in)); this->p->a = 41; trace(xlate <struct out> (this->p).x); trace(xlate <struct out *> (this->p)->x); exit(0); }
